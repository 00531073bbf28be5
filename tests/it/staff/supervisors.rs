//! A new supervisor sees linked responses: that is announced to the existing supervisors and to the administrators.

use crate::anonymity::dump;
use crate::app::{Session, TestApp};
use crate::surveys::mails;
use afterword::access::Role;
use afterword::access::principal::Scope;
use afterword::effects::Actor;
use afterword::ids::StaffId;
use reqwest::Method;
use serde_json::{Value, json};

struct Company {
    app: TestApp,
    ada: Session,
    grace: Session,
    orders: Session,
    billing: Session,
}

impl Company {
    async fn on_both() -> Vec<Self> {
        let mut all = Vec::new();
        for app in TestApp::on_both(|_| {}).await {
            let ada = app.sign_in(Role::Admin, &[], None).await;
            let grace = app.sign_in(Role::Admin, &[], None).await;
            let orders = app.sign_in(Role::Supervisor, &["Orders"], None).await;
            let billing = app.sign_in(Role::Supervisor, &["Billing"], None).await;
            app.sign_in(Role::Hr, &[], None).await;
            all.push(Self { app, ada, grace, orders, billing });
        }
        all
    }

    /// Returns the recipients of the mails so far whose subject contains this, sorted.
    async fn told(&self, subject: &str) -> Vec<String> {
        self.app.work().await;
        let mut told = Vec::new();
        for mail in mails(&self.app) {
            // Long header lines are folded.
            let mail = mail.replace("\r\n ", " ");
            let line = |name: &str| mail.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
            if line("Subject: ").contains(subject) {
                let to = line("To: ");
                told.push(to.rsplit('<').next().unwrap().trim_end_matches(['>', '\r']).to_owned());
            }
        }
        told.sort();
        told
    }

    fn emails(&self, who: &[&Session]) -> Vec<String> {
        let mut all: Vec<String> = who.iter().map(|one| one.email.clone()).collect();
        all.sort();
        all
    }

    async fn id_of(&self, email: &str) -> StaffId {
        let accounts = self.app.app.staff.accounts().await.unwrap();
        accounts.into_iter().find(|account| account.email == email).unwrap().id
    }
}

#[tokio::test]
async fn new_supervisor_is_announced_and_audited_by_name() {
    for company in Company::on_both().await {
        let Company { app, ada, grace, orders, billing } = &company;
        let team = app.team("Orders").await.to_string();
        let form =
            [("email", "me@northwind.example"), ("name", "Mallory"), ("role", "supervisor"), ("teams", team.as_str())];
        assert_eq!(ada.post("/admin/staff", &form).await.status(), 200);
        assert_eq!(company.told("made Mallory a supervisor of Orders").await, company.emails(&[grace, orders]));
        for (who, sees) in [(grace, true), (orders, true), (ada, false), (billing, false)] {
            let page = who.page("/").await;
            assert_eq!(page.contains("made Mallory a supervisor of Orders."), sees, "{}: {page}", who.email);
        }
        let all = dump(app).await;
        let line =
            all["audit_log"].iter().find(|line| line.contains("staff.added") && line.contains("Mallory")).unwrap();
        assert!(
            line.contains("Some Administrator") && line.contains("Orders") && line.contains("supervisor"),
            "{line}"
        );
        // It is not shown for ever.
        app.clock.advance(std::time::Duration::from_secs(15 * 86_400));
        assert!(!app.sign_in_anew(grace).await.page("/").await.contains("Mallory a supervisor"));
    }
}

#[tokio::test]
async fn a_key_that_makes_a_supervisor_of_all_teams_is_announced_to_everybody_concerned() {
    for company in Company::on_both().await {
        let Company { app, ada, grace, orders, billing } = &company;
        let key = app.key(Scope::Admin).await;
        let teams = [app.team("Orders").await.to_string(), app.team("Billing").await.to_string()];
        let body = json!({ "email": "me@northwind.example", "name": "Me", "role": "supervisor", "teams": teams });
        let made =
            app.client.post(format!("{}/api/v1/staff", app.url)).bearer_auth(&key).json(&body).send().await.unwrap();
        assert_eq!(made.status(), 201);
        let told = company.told("test made Me a supervisor of Billing, Orders").await;
        assert_eq!(told, company.emails(&[ada, grace, orders, billing]));
        // Other roles see no linked responses, nor does a supervisor without a team.
        for (n, body) in [
            json!({ "email": "h@northwind.example", "name": "H", "role": "hr" }),
            json!({ "email": "s@northwind.example", "name": "S", "role": "supervisor" }),
        ]
        .iter()
        .enumerate()
        {
            let made = ada.api(Method::POST, "/api/v1/staff", Some(body)).await;
            assert_eq!(made.status(), 201, "{n}");
            let made: Value = made.json().await.unwrap();
            assert!(made["link"].is_string());
        }
        assert_eq!(company.told("a supervisor of").await.len(), 4);
    }
}

/// The creator of a one-time link sees it, and could use it.
#[tokio::test]
async fn a_link_for_a_supervisors_account_and_enabling_one_are_announced_to_its_owner_too() {
    for company in Company::on_both().await {
        let Company { app, ada, grace, orders, billing } = &company;
        let id = company.id_of(&orders.email).await;
        assert_eq!(ada.post(&format!("/admin/staff/{id}/link"), &[]).await.status(), 200);
        let subject = "made a one-time link that sets the password of Some Supervisor";
        assert_eq!(company.told(subject).await, company.emails(&[grace, orders]));
        for disabled in ["true", "false"] {
            assert_eq!(ada.post(&format!("/admin/staff/{id}/access"), &[("disabled", disabled)]).await.status(), 303);
        }
        assert_eq!(company.told("enabled the account of Some Supervisor").await, company.emails(&[grace, orders]));
        assert!(!billing.page("/").await.contains("one-time link"));
        // Actions of the operator on the command line are only in the audit log.
        app.app.staff.renew_link(&id, &Actor::System).await.unwrap();
        assert_eq!(company.told(subject).await.len(), 2);
    }
}
