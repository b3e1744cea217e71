from models import Base
from sqlalchemy import Column, Integer


class Shop(Base):
    __tablename__ = "shops"
    id = Column(Integer, primary_key=True)
