//! Lists as their writers print them, and broken ones.

use super::*;

const FINDING: &str = r#"{"schemaVersion":"1.0","id":"64b917aa","accountId":"111122223333","region":"us-east-1","type":"SensitiveData:S3Object/Personal","title":"The S3 object contains personal information.","severity":{"score":3,"description":"High"},"category":"CLASSIFICATION","classificationDetails":{"jobId":"3ce0","result":{"status":{"code":"COMPLETE"},"sizeClassified":1,"sensitiveData":[{"category":"PERSONAL_INFORMATION","totalCount":12,"detections":[{"type":"NAME","count":12}]}],"customDataIdentifiers":{"totalCount":0,"detections":[]}}},"resourcesAffected":{"s3Bucket":{"arn":"arn:aws:s3:::acme-hr","name":"acme-hr","tags":[]},"s3Object":{"bucketArn":"arn:aws:s3:::acme-hr","key":"2026/a b?.csv","path":"acme-hr/2026/a b?.csv","extension":"csv"}},"sample":false,"archived":false}"#;

const EXPECTED: &str =
    "{\"label\":\"restricted\",\"resource\":\"s3://acme-hr/2026/a b?.csv\",\"source\":\"macie\",\"tags\":[\"pii\"]}\n";

fn text(form: Form, text: &str) -> String {
    converted(form, text).unwrap().text
}

fn fault(form: Form, text: &str) -> String {
    converted(form, text).unwrap_err()
}

#[test]
fn findings_are_read_however_they_are_handed_over() {
    let event = format!("{{\"detail-type\":\"Macie Finding\",\"detail\":{FINDING}}}");
    let spread_out = FINDING.replace(',', ",\n");
    for list in [
        FINDING.to_owned(),
        format!("{{\"findings\":[{FINDING}]}}"),
        format!("[{FINDING}]"),
        event.clone(),
        format!("\u{feff}{spread_out}"),
        format!("{{\n\"findings\": [\n{spread_out}\n]}}\n"),
    ] {
        assert_eq!(text(Form::Macie, &list), EXPECTED, "{list}");
    }
    let lines = format!("{FINDING}\n\n{event}\n");
    assert_eq!(text(Form::Macie, &lines), [EXPECTED, EXPECTED].concat());
    assert_eq!(converted(Form::Macie, "{\"findings\":[]}").unwrap().lines, 0);
}

#[test]
fn severity_gives_the_label_and_credentials_are_always_restricted() {
    for (severity, category, label, tag) in [
        ("Low", "PERSONAL_INFORMATION", "internal", "pii"),
        ("Medium", "FINANCIAL_INFORMATION", "confidential", "financial"),
        ("High", "CUSTOM_IDENTIFIER", "restricted", "custom-identifier"),
        ("Low", "CREDENTIALS", "restricted", "secret"),
    ] {
        let finding = FINDING.replace("High", severity).replace("PERSONAL_INFORMATION", category);
        let line = text(Form::Macie, &finding);
        assert!(line.contains(&format!("\"label\":\"{label}\"")) && line.contains(&format!("[\"{tag}\"]")), "{line}");
    }
}

#[test]
fn what_says_nothing_about_data_is_counted_and_left_out() {
    let policy =
        r#"{"category":"POLICY","severity":{"description":"High"},"resourcesAffected":{"s3Bucket":{"name":"b"}}}"#;
    let sample = FINDING.replace("\"sample\":false", "\"sample\":true");
    let imported = converted(Form::Macie, &format!("[{policy},{sample},{FINDING}]")).unwrap();
    assert_eq!((imported.text.as_str(), imported.lines, imported.left_out), (EXPECTED, 1, 2));
}

#[test]
fn a_finding_that_is_not_understood_is_named() {
    for (list, said) in [
        (format!("{FINDING}\n{{\n"), "line 2: "),
        (format!("[{FINDING},{{}}]"), "finding 2: missing field `severity`"),
        (format!("{FINDING}\n{{\"severity\":1}}\n"), "line 2: "),
        (FINDING.replace("High", "Huge"), "finding 1: `huge` is not a severity"),
        (FINDING.replace("a b?.csv", "a\\u0007"), "finding 1: `s3://acme-hr/2026/a\\x07` names no resource"),
        ("[1]".to_owned(), "finding 1: "),
        ("nonsense".to_owned(), "line 1: "),
        (String::new(), "line 1: "),
    ] {
        let fault = fault(Form::Macie, &list);
        assert!(fault.starts_with(said), "{list}: {fault}");
    }
}

#[test]
fn comma_separated_values_are_read_with_and_without_names() {
    let expected =
        "{\"label\":\"restricted\",\"resource\":\"s3://b/k\",\"source\":\"dlp\",\"tags\":[\"eu\",\"pii\"]}\n";
    for list in [
        "s3://b/k,restricted,pii;eu,dlp\n",
        "resource,label,tags,source\ns3://b/k,Restricted,pii eu,dlp",
        "\u{feff}Label,Resource,Source,Tags\r\nrestricted,s3://b/k/,dlp,\"pii,eu\"\r\n\r\n",
        "arn:aws:s3:::b/k,restricted,eu|pii,dlp",
    ] {
        assert_eq!(text(Form::Csv, list), expected, "{list}");
    }
    assert_eq!(
        text(Form::Csv, "\"/srv/a,\"\"b\"\"\",public"),
        "{\"label\":\"public\",\"resource\":\"/srv/a,\\\"b\\\"\"}\n"
    );
    assert_eq!(converted(Form::Csv, "\n\n").unwrap().lines, 0);
}

#[test]
fn a_value_that_is_not_understood_is_named_by_its_line() {
    for (list, said) in [
        ("/a,public\n/b,secret\n", "line 2: `secret` is not a label"),
        ("/a,public\n\n,public\n", "line 3: `` names no resource"),
        ("/a,public,t,s,more\n", "line 1: 5 fields, and only 4 columns"),
        ("resource,kind\n/a,b\n", "line 1: `kind` is not a column"),
        ("/a,public\n\"/b,public\n/c\n", "line 2: a quoted field that never ends"),
        ("\"/a\"b,public\n", "line 1: text after a quoted field"),
        ("/a\n", "line 1: neither a label nor tags"),
        ("\"/a\nb\",public\n", "line 1: `/a\\nb` names no resource"),
    ] {
        let fault = fault(Form::Csv, list);
        assert!(fault.starts_with(said), "{list}: {fault}");
    }
}

#[test]
fn what_was_imported_is_a_catalog() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.jsonl");
    let list = format!("{}{}", text(Form::Macie, FINDING), text(Form::Csv, "/srv/x,internal,,dlp\n/srv/y,,pii"));
    std::fs::write(&path, list).unwrap();
    assert_eq!(super::super::checked(&path), Ok(3));
}
