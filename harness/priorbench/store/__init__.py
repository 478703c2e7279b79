"""Where records are kept: a database, its tables, and the columns that rankings read."""
