//! What a person marked about an operation of the catalogue, beside its effect.

use crate::invocation::Arguments;
use serde_json::Value;
use std::borrow::Cow;

/// The argument that lets an object go out once more.
pub const AGAIN: &str = "again";

/// The marks of an operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Where the object of a call is found.
    pub found: Vec<Found>,
    /// Where other objects are found that arguments name, such as the contact of an appointment.
    pub references: Vec<Found>,
    /// The object that a call sends.
    pub sends: Option<Sends>,
    /// The contact whom a message of a call reaches.
    pub reaches: Option<Reaches>,
}

/// The operation that shows the object with the id in an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The argument, with dots where it is a member.
    pub argument: Cow<'static, str>,
    /// The operation: one that reads the object, or lists of which it is an item.
    pub by: Cow<'static, str>,
    /// Arguments of that operation.
    pub with: Vec<(Cow<'static, str>, Cow<'static, str>)>,
}

/// An object that exists, and that a call sends to somebody. It goes out once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sends {
    /// What the object is, such as `invoice`. Calls that send the same object use the same word.
    pub what: Cow<'static, str>,
    /// The argument with its id.
    pub argument: Cow<'static, str>,
}

/// A contact whom a message reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaches {
    /// The argument with the contact's id, with dots where it is a member.
    pub contact: Cow<'static, str>,
    /// How the message goes.
    pub channel: Channel,
}

/// How a message goes to a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    /// As an argument says.
    Argument(Cow<'static, str>),
    /// By this channel.
    Fixed(Cow<'static, str>),
    /// Not said.
    Unknown,
}

impl Sends {
    /// The id of the object that a call sends. `None` if it sends none.
    pub fn id<'a>(&self, arguments: &'a Arguments) -> Option<&'a str> {
        text_at(arguments, &self.argument)
    }
}

impl Reaches {
    /// The contact's id and the channel. The channel is empty if it is not said.
    pub fn contact<'a>(&'a self, arguments: &'a Arguments) -> Option<(&'a str, &'a str)> {
        let channel = match &self.channel {
            Channel::Argument(name) => text_at(arguments, name).unwrap_or_default(),
            Channel::Fixed(channel) => channel,
            Channel::Unknown => "",
        };
        Some((text_at(arguments, &self.contact)?, channel))
    }
}

/// The text of an argument, or of a member in it. `None` for an empty one.
pub fn text_at<'a>(arguments: &'a Arguments, path: &str) -> Option<&'a str> {
    let mut names = path.split('.');
    let outer = arguments.get(names.next()?)?;
    let text = names.try_fold(outer, |value, name| value.get(name)).and_then(Value::as_str)?.trim();
    Some(text).filter(|text| !text.is_empty())
}
