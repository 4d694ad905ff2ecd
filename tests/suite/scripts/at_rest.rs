//! No file of the data folder holds a token: what is kept of one opens nothing.

use std::fs;
use std::path::Path;

use crate::support::operator::operator;

fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read(&path).expect("a file")));
        }
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn no_file_of_the_data_folder_holds_a_token() {
    let operator = operator();
    let scope = "import:import-configuration:cmdb";
    operator
        .run_with("user add boss@example.com --no-site --password-stdin --json", "correct horse battery staple\n")
        .json();
    operator.run("site add --name Acme --url https://acme.example --json").json();
    operator.run("site add-member https://acme.example boss@example.com --admin --json").json();
    operator
        .run(&format!("resource add --id assets --identifier https://assets.example --scope {scope} --json"))
        .json();
    let made = operator.run(&format!("token create boss@example.com --label Export --scope {scope} --json")).json();
    let source = operator.run("container add https://acme.example --label Hosts --json").json();
    let id = source["id"].as_str().expect("an id").to_owned();
    let container = operator.run(&format!("container token https://acme.example {id} --json")).json();

    let mut found = Vec::new();
    files(&operator.data(), &mut found);

    assert!(found.iter().any(|(_, bytes)| holds(bytes, "boss@example.com")), "the files are those of the store");
    for made in [made, container] {
        let token = made["token"].as_str().expect("a token");
        // Neither the whole nor the part of it that is secret, in the text that it is written in.
        for part in [token, &token[4..53], &token[10..50]] {
            for (path, bytes) in &found {
                assert!(!holds(bytes, part), "{path} holds a token");
            }
        }
    }
}
