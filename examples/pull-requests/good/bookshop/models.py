"""What the shop keeps."""

from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Numeric, String, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    books: Mapped[list["Book"]] = relationship(back_populates="author")


class Book(Base):
    __tablename__ = "books"
    __table_args__ = (Index("ix_books_title", "title"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    price: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    isbn: Mapped[str | None] = mapped_column(String(13))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("authors.id", name="fk_books_author"))
    author: Mapped[Author | None] = relationship(back_populates="books")


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(255))
    country: Mapped[str | None] = mapped_column(String(2))
    newsletter: Mapped[bool] = mapped_column(server_default=false())
    name: Mapped[str | None] = mapped_column(String(100))
