"""The pages, one file each: a function from a visit to a response, no logic of its own."""
