//! The kinds of objects that an account has.

/// The kinds of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ObjectKind {
    Users,
    Locations,
    Contacts,
    Opportunities,
    Campaigns,
    Pages,
    Funnels,
    Webhooks,
    /// The definitions of custom fields, in the official API's shape. The session API has none.
    CustomFields,
    /// Pipelines with their stages, in the official API's shape. The session API has only the names of stages.
    Pipelines,
    /// Calendars, in the official API's shape. The session API has none, nor what follows.
    Calendars,
    CalendarGroups,
    Appointments,
    BlockedSlots,
    /// Forms, surveys, their submissions, invoices and payments, in the official API's shape.
    Forms,
    Surveys,
    FormSubmissions,
    SurveySubmissions,
    Invoices,
    Transactions,
    Orders,
    Subscriptions,
    /// The notes of contacts. The session API has none.
    Notes,
    /// The tasks of contacts. The session API has none.
    Tasks,
    /// The location's custom values. The session API has none.
    CustomValues,
    /// Conversations, one per contact.
    Conversations,
    /// Messages of all channels. Emails of one thread are one message.
    Messages,
    /// Emails with their bodies.
    Emails,
    Workflows,
    /// The ways of contacts through workflows.
    Enrolments,
}

impl ObjectKind {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Users, "users", "User"),
        (Self::Locations, "locations", "Location"),
        (Self::Contacts, "contacts", "Contact"),
        (Self::Opportunities, "opportunities", "Opportunity"),
        (Self::Campaigns, "campaigns", "Campaign"),
        (Self::Pages, "pages", "Page"),
        (Self::Funnels, "funnels", "Funnel"),
        (Self::Webhooks, "webhooks", "Webhook"),
        (Self::CustomFields, "customFields", "Custom field"),
        (Self::Pipelines, "pipelines", "Pipeline"),
        (Self::Calendars, "calendars", "Calendar"),
        (Self::CalendarGroups, "calendarGroups", "Calendar group"),
        (Self::Appointments, "appointments", "Appointment"),
        (Self::BlockedSlots, "blockedSlots", "Blocked slot"),
        (Self::Forms, "forms", "Form"),
        (Self::Surveys, "surveys", "Survey"),
        (Self::FormSubmissions, "formSubmissions", "Form submission"),
        (Self::SurveySubmissions, "surveySubmissions", "Survey submission"),
        (Self::Invoices, "invoices", "Invoice"),
        (Self::Transactions, "transactions", "Transaction"),
        (Self::Orders, "orders", "Order"),
        (Self::Subscriptions, "subscriptions", "Subscription"),
        (Self::Notes, "notes", "Note"),
        (Self::Tasks, "tasks", "Task"),
        (Self::CustomValues, "customValues", "Custom value"),
        (Self::Conversations, "conversations", "Conversation"),
        (Self::Messages, "messages", "Message"),
        (Self::Emails, "emails", "Email"),
        (Self::Workflows, "workflows", "Workflow"),
        (Self::Enrolments, "enrolments", "Enrolment"),
    ];

    /// The kind with this plural name.
    #[cfg(feature = "management")]
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, plural, _)| *plural == word).map(|(kind, ..)| *kind)
    }

    /// The name of one object of this kind in messages.
    pub(crate) fn title(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("Object", |(_, _, title)| title)
    }
}
