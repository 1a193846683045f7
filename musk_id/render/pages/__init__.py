"""What stands on a record's pages and in which order, apart from the medium."""
