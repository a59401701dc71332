"""What tests of registers and clock need of arithmetic: how long they take, and how well they know what they found."""
