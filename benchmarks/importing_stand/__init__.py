"""What stands around `wattproof import` in `benchmarks.importing`: files of any length, and a watch on memory."""
