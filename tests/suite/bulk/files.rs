//! Rows from files in allowed folders.

use super::{ended, run};
use crate::support::{Account, Host};
use serde_json::json;

#[tokio::test]
async fn a_file_in_an_allowed_folder_becomes_contacts_and_its_bad_rows_a_file_to_mend() {
    let account = Account::new().await;
    let folder = tempfile::tempdir().unwrap();
    let csv =
        "\u{feff}firstName;lastName;email;Lieblingsfarbe\nÄnne;Groß;aenne@example.com;blau\nOhne;Adresse;kaputt;rot\n";
    std::fs::write(folder.path().join("kunden.csv"), csv).unwrap();
    let host = Host::new(&account, &["--read-dir", folder.path().to_str().unwrap()]).await;
    let arguments =
        json!({"operation": "create_contact", "file": "kunden.csv", "template": {"source": "{{Lieblingsfarbe}}"}});
    let plan = host.answer("plan_bulk", arguments).await;
    assert_eq!((&plan["calls"], &plan["invalid"]), (&json!({"create_contact": 1}), &json!(1)), "{plan}");
    assert_eq!(plan["leftOutColumns"], json!(["Lieblingsfarbe"]), "{plan}");
    assert_eq!(plan["leftOut"][0]["line"], 3, "{plan}");
    run(&host, &plan).await;
    let done = ended(&host, &plan["plan"]).await;
    let made = account.find("contacts", |contact| contact["email"] == "aenne@example.com").await;
    assert_eq!((&made["firstName"], &made["source"]), (&json!("Änne"), &json!("blau")));
    let rejected = std::fs::read_to_string(done["rejected"].as_str().unwrap()).unwrap();
    assert!(rejected.starts_with("firstName,lastName,email,Lieblingsfarbe,error\n"), "{rejected}");
    assert!(rejected.contains("Ohne,Adresse,kaputt,rot,"), "{rejected}");
    let outside = json!({"operation": "create_contact", "file": "../../etc/passwd"});
    assert_eq!(host.error("plan_bulk", outside).await["field"], "file");
}
