"""LiteCNN: a small convolutional network of two streams that tells images apart, in 4 bits."""
