//! The state inside one process: the backend of `magnet run`.
