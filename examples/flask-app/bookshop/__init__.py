"""The application factory."""

import os

from dotenv import load_dotenv
from flask import Flask, jsonify
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from bookshop.migrate import migrate_command
from bookshop.models import Book


def create_app(database_url: str | None = None) -> Flask:
    load_dotenv()
    app = Flask(__name__)
    app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY", "dev")
    app.config["DATABASE_URL"] = database_url or os.environ.get("DATABASE_URL", "sqlite:///bookshop.db")
    app.cli.add_command(migrate_command)
    engine = create_engine(app.config["DATABASE_URL"])

    @app.get("/books")
    def books():
        with Session(engine) as session:
            found = session.scalars(select(Book).order_by(Book.title)).all()
            return jsonify([{"title": book.title, "price": str(book.price)} for book in found])

    return app
