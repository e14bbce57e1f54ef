//! Whether the time of a refused sign-in tells if the name has an account.

use std::time::Instant;

use crate::{
    Outcome,
    client::{Connection, HOST},
    house, machine,
    report::{Goal, Report},
    server::{Plan, Server},
    statistics::{area_under_curve, median, millis},
};

/// Pairs of a name that has an account and one that has none.
const PAIRS: usize = 2_000;
/// Pairs under way at once: each waits for its deadline most of the time.
const CLIENTS: usize = 16;

/// Measures the part.
pub fn measure(report: &mut Report) -> Outcome<()> {
    machine::require(&["taskset"])?;
    let server = Server::start(&Plan::of(PAIRS))?;
    let (known, unknown) = machine::as_load(try_names(server.doors.port))?;
    report.add(
        "refused, with account, median",
        median(&known),
        "ms",
        Goal::Shown,
    );
    report.add(
        "refused, without account, median",
        median(&unknown),
        "ms",
        Goal::Shown,
    );
    let area = area_under_curve(&known, &unknown);
    report.add(
        "area under the curve, 2,000 pairs",
        area,
        "",
        Goal::AtMost(0.55),
    );
    Ok(())
}

/// The milliseconds of every refusal: of known names, and of unknown ones.
async fn try_names(port: u16) -> Outcome<(Vec<f64>, Vec<f64>)> {
    let clients = (0..CLIENTS).map(|client| async move {
        let mut connection = Connection::open(port, HOST).await?;
        let mut took = (Vec::new(), Vec::new());
        for pair in (client..PAIRS).step_by(CLIENTS) {
            // Now the one comes first, now the other.
            let known_first = (pair / CLIENTS).is_multiple_of(2);
            for is_known in [known_first, !known_first] {
                let email = if is_known {
                    house::email(pair)
                } else {
                    house::unknown_email(pair)
                };
                let millis = refusal(&mut connection, &email).await?;
                if is_known {
                    took.0.push(millis)
                } else {
                    took.1.push(millis)
                }
            }
        }
        Outcome::Ok(took)
    });
    let took = futures_util::future::try_join_all(clients).await?;
    let (known, unknown): (Vec<_>, Vec<_>) = took.into_iter().unzip();
    Ok((known.concat(), unknown.concat()))
}

async fn refusal(connection: &mut Connection, email: &str) -> Outcome<f64> {
    let begun = Instant::now();
    let answer = connection.sign_in(email, "four brass bells rang").await?;
    if answer.status.as_u16() != 401 {
        return Err(format!("a wrong password was answered {}", answer.status).into());
    }
    Ok(millis(answer.head_at - begun))
}
