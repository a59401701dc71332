"""What is connected: instruments, buses and devices that answer, and a first bench file from them."""
