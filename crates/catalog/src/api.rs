//! HighLevel's two APIs.

/// One of HighLevel's APIs (`--api`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Api {
    /// The API that HighLevel's web application uses. It takes the `token-id` of a session. `document` is its old name.
    #[default]
    #[value(alias = "document", help = "the API of HighLevel's web application, with a session's token-id")]
    Session,
    /// The official public API. It takes a private integration token or an OAuth login.
    #[value(help = "the public API, with a private integration token or an OAuth login")]
    Official,
}

impl Api {
    /// Both APIs.
    pub const ALL: [Self; 2] = [Self::Session, Self::Official];

    /// The value of `--api`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Official => "official",
        }
    }

    /// The API's name, as a noun phrase for messages.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Session => "HighLevel's session API",
            Self::Official => "HighLevel's official API",
        }
    }
}
