"""MnistLUT: handwritten digits in a few thousand LUTs, each neuron one of them."""
