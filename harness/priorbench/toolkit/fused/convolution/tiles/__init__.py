"""3 x 3 convolutions by tiles, in a quarter to two thirds of the multiplications."""
