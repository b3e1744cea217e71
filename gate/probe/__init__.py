"""The untrusted side: runs in the project's own Python, beside the project's code.

Standard library and the project's own alembic and sqlalchemy only; never imports gate; Python 3.8 syntax. It is packed
into one archive holding one uniquely named package (``alembic_gate_probe``), so that it shadows no module of the project and
no module of the project shadows it.
"""
