//! Which hosts requests may be for, and which pages may send them.

use super::{Web, add, hello, web_command};
use crate::support::{Account, run};
use reqwest::Method;

#[tokio::test]
async fn hosts_and_origins_that_nobody_allowed_are_refused() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let token = add(web_command(&account, state.path()), "claude", &[]).await;
    let flags = ["--allow-host", "mcp.example.com", "--allow-origin", "https://app.example.com"];
    let web = Web::start(web_command(&account, state.path()), &flags).await;
    for (name, value, status) in [
        ("host", "evil.example.com", 403),
        ("host", "mcp.example.com", 200),
        ("host", "mcp.example.com:8443", 200),
        ("host", "MCP.example.com", 200),
        ("host", "mcp.example.com.evil.org", 403),
        ("host", "localhost:1", 200),
        ("host", "user@localhost", 403),
        ("origin", "https://evil.example.com", 403),
        ("origin", "null", 403),
        ("origin", "file://", 403),
        ("origin", "https://app.example.com", 200),
        ("origin", "https://app.example.com:444", 403),
        ("origin", "http://app.example.com", 403),
        ("origin", "http://localhost:6274", 200),
        ("origin", "http://localhost.evil.example.com", 403),
        ("origin", "httpx://localhost", 403),
    ] {
        let said = web.send(web.post(&token, "", hello()).header(name, value)).await;
        assert_eq!(said.status, status, "{name}: {value}: {said:?}");
        assert_eq!(said.header("x-content-type-options"), "nosniff");
        if name == "origin" && status == 200 {
            assert_eq!(said.header("access-control-allow-origin"), value);
            assert!(said.header("access-control-expose-headers").contains("mcp-session-id"), "{said:?}");
        }
    }
    // A browser asks first, without a token.
    let ask = |origin: &'static str| {
        let ask = web.http.request(Method::OPTIONS, &web.url).header("origin", origin);
        let ask = ask.header("access-control-request-method", "POST");
        ask.header("access-control-request-headers", "authorization,mcp-param-x")
    };
    let allowed = web.send(ask("https://app.example.com")).await;
    assert_eq!(
        (allowed.status.as_u16(), allowed.header("access-control-allow-origin")),
        (200, "https://app.example.com")
    );
    assert!(allowed.header("access-control-allow-headers").contains("mcp-param-x"), "{allowed:?}");
    assert_eq!(web.send(ask("https://evil.example.com")).await.status, 403);
    let refused = web.send(web.post("", "", hello()).header("origin", "https://app.example.com")).await;
    assert!(refused.status == 401 && refused.header("access-control-expose-headers").contains("www-authenticate"));

    // Probes come by whatever address they have.
    for path in ["/healthz", "/readyz"] {
        let said = web.send(web.http.get(web.at(path)).header("host", "10.0.0.7")).await;
        assert_eq!((said.status.as_u16(), said.text.as_str()), (200, "ok\n"));
    }
    assert_eq!(account.stats().await["requests"], 0, "nothing of this asks HighLevel");
}

#[tokio::test]
async fn without_authentication_the_server_is_for_this_machine_alone() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let web = Web::start(web_command(&account, state.path()), &["--no-auth"]).await;
    assert!(web.tools("").await.contains(&"list_contacts".to_owned()));
    for header in ["forwarded", "x-forwarded-for", "X-Forwarded-Host", "x-forwarded-anything"] {
        let said = web.send(web.post("", "", hello()).header(header, "for=1.2.3.4")).await;
        assert!(said.status == 403 && said.text.contains("--no-auth"), "{header}: {said:?}");
    }
    let mut open = web_command(&account, state.path());
    open.args(["serve", "--http", "0.0.0.0:0", "--no-auth"]);
    let refused = run(open).await;
    assert!(refused.code == Some(1) && refused.stderr.contains("loopback"), "{refused:?}");
}

#[tokio::test]
async fn flags_that_cannot_be_meant_say_what_is_allowed() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let scope = ["127.0.0.1:0", "--oauth-issuer", "https://issuer.example.com", "--oauth-read-scope", "read\""];
    for (flags, part) in [
        (&["localhost:8931"][..], "such as 127.0.0.1:8931"),
        (&["127.0.0.1:0", "--metrics-listen", "9464"], "such as 127.0.0.1:8931"),
        (&["127.0.0.1:0", "--allow-host", "*"], "such as mcp.example.com"),
        (&scope, "without quotes"),
    ] {
        let mut command = web_command(&account, state.path());
        command.args(["serve", "--http"]).args(flags);
        let refused = run(command).await;
        assert!(refused.code != Some(0) && refused.stderr.contains(part), "{flags:?}: {refused:?}");
    }
}
