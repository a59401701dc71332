"""What a bench file may say, part by part: strict, frozen models."""
