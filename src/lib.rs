//! Afterword.
