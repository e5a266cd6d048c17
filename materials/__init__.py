"""What people study: subjects and the materials in them."""
