//! Locations, users, custom fields and custom values.

use super::{ON_DEMAND, PLAIN, Table, date, json, text};

pub(super) const LOCATIONS: Table = Table {
    name: "locations",
    one: "location",
    tool: "list_locations",
    columns: &[text("name"), text("address"), text("phone"), text("email"), text("timezone"), json("settings")],
    searched: &["email", "phone"],
    listed_whole: false,
    remark: "all but the default one have only id and name",
    ..PLAIN
};

pub(super) const USERS: Table = Table {
    name: "users",
    one: "user",
    tool: "get_user",
    columns: &[text("firstName"), text("lastName"), text("email"), text("role"), date("createdAt")],
    title: &["firstName", "lastName"],
    searched: &["email"],
    detailed: true,
    remark: "those that own something, and you",
    ..PLAIN
};

pub(super) const CUSTOM_VALUES: Table = Table {
    name: "custom_values",
    one: "customValue",
    tool: "list_custom_values",
    columns: &[text("name"), text("fieldKey"), text("value")],
    searched: &["fieldKey", "value"],
    ..ON_DEMAND
};

pub(super) const CUSTOM_FIELDS: Table = Table {
    name: "custom_fields",
    one: "customField",
    tool: "list_custom_fields",
    columns: &[text("name"), text("fieldKey"), text("dataType"), text("model"), json("picklistOptions")],
    searched: &["fieldKey"],
    ..ON_DEMAND
};
