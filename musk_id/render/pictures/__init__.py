"""Pictures of a record: plain SVG, made from record data alone, the same bytes on every machine."""
