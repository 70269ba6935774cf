//! The queue inside one process: the backend of `magnet run`.
