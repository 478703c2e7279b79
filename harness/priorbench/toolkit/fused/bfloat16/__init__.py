"""Matrix products whose factors are rounded to bfloat16, by processors that have them; sums are float32."""
