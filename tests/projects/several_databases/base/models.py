from sqlalchemy import Column, Integer, MetaData, String, Table

metadata = {"accounts": MetaData(), "orders": MetaData()}
Table("accounts", metadata["accounts"], Column("id", Integer, primary_key=True), Column("email", String(200), nullable=False))
Table("orders", metadata["orders"], Column("id", Integer, primary_key=True), Column("email", String(200), nullable=False))
