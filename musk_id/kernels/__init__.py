"""Arrays in, arrays out: sequence comparison, spectral scores, interval estimates."""
