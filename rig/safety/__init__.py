"""Nothing stays energised by accident: limits before any I/O, an orderly way up and down, and a guardian process."""
