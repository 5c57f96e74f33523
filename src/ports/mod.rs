//! What the use cases need from the world, in the model's words.
