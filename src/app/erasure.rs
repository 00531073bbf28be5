//! Erasure of personal data in other features.

use crate::clock::Timestamp;
use crate::contacts::Contacts;
use crate::database::{Conn, DbError};
use crate::feedback::Feedback;
use crate::followups::FollowUps;
use crate::invitations::ErasureSubject;
use crate::privacy::{Counts, Erases};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// Erasure of texts in follow-ups, and of callback requests.
pub(super) struct OfFollowUps(pub FollowUps);

/// Erasure in the directory of addresses.
pub(super) struct OfContacts(pub Contacts);

/// Erasure of commendations of agents.
pub(super) struct OfFeedback(pub Feedback);

impl Erases for OfContacts {
    fn find<'a>(&'a self, conn: Conn<'a>, whose: ErasureSubject<'a>) -> BoxFuture<'a, Result<Counts, DbError>> {
        async move {
            let ErasureSubject::Address(traces) = whose else { return Ok(Vec::new()) };
            Ok(vec![("contacts", self.0.count_address(conn, &traces.hash).await?)])
        }
        .boxed()
    }

    fn erase<'a>(
        &'a self,
        conn: Conn<'a>,
        whose: ErasureSubject<'a>,
        _now: Timestamp,
    ) -> BoxFuture<'a, Result<Counts, DbError>> {
        async move {
            let ErasureSubject::Address(traces) = whose else { return Ok(Vec::new()) };
            Ok(vec![("contacts", self.0.erase_address(conn, &traces.hash).await?)])
        }
        .boxed()
    }
}

impl Erases for OfFollowUps {
    fn find<'a>(&'a self, conn: Conn<'a>, whose: ErasureSubject<'a>) -> BoxFuture<'a, Result<Counts, DbError>> {
        async move { Ok(vec![("callback_requests", self.0.callbacks_of(conn, whose).await?)]) }.boxed()
    }

    fn erase<'a>(
        &'a self,
        conn: Conn<'a>,
        whose: ErasureSubject<'a>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Counts, DbError>> {
        async move { Ok(vec![("callback_requests", self.0.erase(conn, whose, now).await?)]) }.boxed()
    }
}

impl Erases for OfFeedback {
    fn find<'a>(&'a self, conn: Conn<'a>, whose: ErasureSubject<'a>) -> BoxFuture<'a, Result<Counts, DbError>> {
        async move {
            let ErasureSubject::Conversations { ids, .. } = whose else { return Ok(Vec::new()) };
            Ok(vec![("kudos", self.0.kudos_about(conn, ids).await?)])
        }
        .boxed()
    }

    fn erase<'a>(
        &'a self,
        conn: Conn<'a>,
        whose: ErasureSubject<'a>,
        _now: Timestamp,
    ) -> BoxFuture<'a, Result<Counts, DbError>> {
        async move {
            let ErasureSubject::Conversations { ids, .. } = whose else { return Ok(Vec::new()) };
            Ok(vec![("kudos", self.0.erase_kudos(conn, ids).await?)])
        }
        .boxed()
    }
}
