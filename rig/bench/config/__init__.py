"""What a bench file may say: its parts, its meter types, its calibrations; read, checked, refused with the line."""
