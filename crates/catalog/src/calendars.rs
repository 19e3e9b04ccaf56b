//! Calendars and appointments. Only the official API has them.

use super::{
    id::Id,
    list::{List, Paging},
    meaning::{Inverse, Lookup, LookupField, LookupFilter, ReadBack},
    operation::{AnswerShape, Condition, Effect, EffectRule, Operation, Output, Toolset},
    route::Route,
    text::{Date, StartTime, UserRef},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// A calendar.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Calendar {
    pub id: String,
    pub name: Option<String>,
    pub description: Option<String>,
    pub is_active: Option<bool>,
    pub r#type: Option<String>,
    pub group_id: Option<String>,
    /// How long an appointment takes.
    pub slot_duration: Option<f64>,
    pub slot_duration_unit: Option<String>,
    /// How far apart the slots start.
    pub slot_interval: Option<f64>,
    pub slot_interval_unit: Option<String>,
    /// Whether a booking is confirmed at once.
    pub auto_confirm: Option<bool>,
    pub team_members: Option<Vec<Map<String, Value>>>,
    /// In the location's time zone, with Sunday as 0.
    pub open_hours: Option<Vec<Map<String, Value>>>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Calendar {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("calendar"));
}

/// The free slots of a calendar.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FreeSlots {
    /// The calendar's id.
    pub id: String,
    /// The calendar's name.
    pub calendar: Option<String>,
    /// The zone of the slots.
    pub time_zone: Option<String>,
    /// The starts of the free slots, in order.
    pub slots: Option<Vec<String>>,
    /// Other fields.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for FreeSlots {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("freeSlots"));
}

/// An appointment.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Appointment {
    pub id: String,
    pub title: Option<String>,
    pub status: Option<String>,
    pub start_time: Option<String>,
    pub end_time: Option<String>,
    pub contact_id: Option<String>,
    pub calendar_id: Option<String>,
    /// The calendar's name.
    pub calendar: Option<String>,
    /// The id of the team member whose appointment it is.
    pub assigned_to: Option<String>,
    pub address: Option<String>,
    pub description: Option<String>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Appointment {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("appointment"));
}

/// The statuses of an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "the values are the API's own")]
pub enum AppointmentStatus {
    New,
    Confirmed,
    Cancelled,
    Showed,
    Noshow,
    Invalid,
}

/// A call that notifies people sends. `notify` also lets the calendar's automations run.
const NOTIFIES: &[EffectRule] = &[EffectRule {
    effect: Effect::Send,
    when: Condition::Argument { name: Cow::Borrowed("notify"), values: Cow::Borrowed(&[Cow::Borrowed("true")]) },
}];

/// List calendars.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListCalendars {
    #[serde(flatten)]
    pub paging: Paging,
}

impl Operation for ListCalendars {
    type Output = List<Calendar>;
    const NAME: &'static str = "list_calendars";
    const TITLE: &'static str = "List calendars";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Calendars;
    const LISTED: bool = false;
    const SESSION: Route = Route::Absent;
}

/// List a calendar's free slots, by default of 7 days.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListFreeSlots {
    /// Name or id
    pub calendar: String,
    pub from: Option<Date>,
    pub to: Option<Date>,
    /// IANA
    pub time_zone: Option<String>,
    pub assigned_to: Option<UserRef>,
}

impl Operation for ListFreeSlots {
    type Output = FreeSlots;
    const NAME: &'static str = "list_free_slots";
    const TITLE: &'static str = "List free slots";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Calendars;
    const SESSION: Route = Route::Absent;
}

/// List appointments of a contact, calendar, user or time.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListAppointments {
    #[serde(flatten)]
    pub paging: Paging,
    pub contact_id: Option<Id>,
    pub calendar: Option<String>,
    pub assigned_to: Option<UserRef>,
    pub from: Option<Date>,
    pub to: Option<Date>,
}

impl Operation for ListAppointments {
    type Output = List<Appointment>;
    const NAME: &'static str = "list_appointments";
    const TITLE: &'static str = "List appointments";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Calendars;
    const SESSION: Route = Route::Absent;
}

/// Get an appointment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct GetAppointment {
    pub id: Id,
}

impl Operation for GetAppointment {
    type Output = Appointment;
    const NAME: &'static str = "get_appointment";
    const TITLE: &'static str = "Get appointment";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Calendars;
    const LISTED: bool = false;
    const SESSION: Route = Route::Absent;
    const ID: Option<fn(&Self) -> &Id> = Some(|appointment| &appointment.id);
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(Self::NAME));
}

/// Book a free slot for a contact.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct BookAppointment {
    /// Name or id
    pub calendar: String,
    pub contact_id: Id,
    /// Local, or with offset
    pub start_time: StartTime,
    pub end_time: Option<StartTime>,
    /// Default the location's
    pub time_zone: Option<String>,
    pub assigned_to: Option<UserRef>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub address: Option<String>,
    /// Messages people
    pub notify: Option<bool>,
}

impl Operation for BookAppointment {
    type Output = Appointment;
    const NAME: &'static str = "book_appointment";
    const TITLE: &'static str = "Book appointment";
    const EFFECT: Effect = Effect::Create;
    const EFFECT_RULES: &'static [EffectRule] = NOTIFIES;
    const TOOLSET: Toolset = Toolset::Calendars;
    const SESSION: Route = Route::Absent;
    const LOOKUP: Option<Lookup> = Some(Lookup {
        list: Cow::Borrowed(ListAppointments::NAME),
        fields: Cow::Borrowed(&[
            LookupField::filtered("contactId", LookupFilter::AsSent),
            LookupField::compared("calendarId"),
            LookupField::compared("startTime"),
        ]),
        any: false,
    });
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(GetAppointment::NAME));
}

/// Move, reassign, mark or cancel (by status) an appointment. A moved one keeps its length.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct UpdateAppointment {
    pub id: Id,
    pub start_time: Option<StartTime>,
    pub end_time: Option<StartTime>,
    pub time_zone: Option<String>,
    pub status: Option<AppointmentStatus>,
    pub assigned_to: Option<UserRef>,
    pub calendar: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub address: Option<String>,
    pub notify: Option<bool>,
}

impl Operation for UpdateAppointment {
    type Output = Appointment;
    const NAME: &'static str = "update_appointment";
    const TITLE: &'static str = "Update appointment";
    const EFFECT: Effect = Effect::Update;
    const EFFECT_RULES: &'static [EffectRule] = NOTIFIES;
    const TOOLSET: Toolset = Toolset::Calendars;
    const SESSION: Route = Route::Absent;
    const ID: Option<fn(&Self) -> &Id> = Some(|appointment| &appointment.id);
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(GetAppointment::NAME));
    const INVERSE: Option<Inverse> = Some(Inverse::to_before(Self::NAME));
}
