//! What the files say, normalised: the program model, the image, the deployment.

pub mod deploy;
pub mod image;
pub mod program;
pub mod shell;
pub mod walk;

/// A fact that may be out of sight, which differs from a fact that is absent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Known<T> {
    /// Seen.
    Yes(T),
    /// Set, or possibly set, to something that cannot be seen: rules stay silent.
    Unknown,
}

impl<T> Known<T> {
    /// The fact, if it was seen.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Yes(value) => Some(value),
            Self::Unknown => None,
        }
    }

    /// By reference.
    pub fn as_ref(&self) -> Known<&T> {
        match self {
            Self::Yes(value) => Known::Yes(value),
            Self::Unknown => Known::Unknown,
        }
    }
}
