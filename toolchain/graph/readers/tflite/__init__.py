"""TFLite files of 8-bit integers: read into the integer graph, and run in LiteRT's reference kernels."""
