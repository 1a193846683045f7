"""The only readers and writers of foreign formats; hostile input ends in a clear error."""
