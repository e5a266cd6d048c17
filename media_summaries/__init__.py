"""Videos that people have summarised, with their tags, categories and keyframes."""
