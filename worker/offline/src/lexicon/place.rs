//! A place: one schema node together with what its surroundings say about it.

use magnet_proto::library::Function;
use magnet_proto::shape::{Field, Leaf, Shape};

/// Which side of a call a place is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Argument,
    Output,
}

/// Where a value is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The property's own name; an array element has its array's.
    pub name: &'a str,
    /// The name of the object or array that holds it; empty at the top.
    pub parent: &'a str,
    pub shape: &'a Shape,
    pub function: &'a Function,
    pub side: Side,
}

impl<'a> Place<'a> {
    /// A top-level parameter.
    pub fn argument(function: &'a Function, field: &'a Field) -> Self {
        let (name, shape) = (field.name.as_str(), &field.shape);
        Self { name, parent: "", shape, function, side: Side::Argument }
    }

    /// A scalar place of the output.
    pub fn leaf(function: &'a Function, leaf: &Leaf<'a>) -> Self {
        let (name, parent, shape) = (leaf.name, leaf.parent, leaf.shape);
        Self { name, parent, shape, function, side: Side::Output }
    }

    /// The whole output.
    pub fn output(function: &'a Function, shape: &'a Shape) -> Self {
        Self { name: "", parent: "", shape, function, side: Side::Output }
    }

    /// A member of this object.
    pub fn member(&self, field: &'a Field) -> Self {
        Self { name: &field.name, parent: self.name, shape: &field.shape, ..*self }
    }

    /// An element of this array.
    pub fn element(&self, items: &'a Shape) -> Self {
        Self { shape: items, ..*self }
    }
}
