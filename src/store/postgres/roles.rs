//! Roles on PostgreSQL. One table says who holds what: by its key who holds a role on an object, and by an index what a subject
//! holds. Which roles anybody holds there is found by leaping from one role to the next.
//!
//! The keys of a realm begin with the number that the registration of its resource has: of a resource that was removed nothing is
//! found any more, nor by another that takes its name. Each statement looks for that number itself.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_postgres::Row;

use crate::domain::access_model::Access;
use crate::domain::id::{ResourceId, SiteId};
use crate::domain::protected_object::{ObjectRef, ProtectedObject, Realm};
use crate::domain::role_binding::{Held, RoleBinding, RoleSubject};
use crate::store::kept::keys::{END, holder_key, place};
use crate::store::kept::roles::GivenBy;
use crate::store::kept::{encode, key};
use crate::store::postgres::PostgresStore;
use crate::store::postgres::connections::{Attempt, Outcome, transaction};
use crate::store::postgres::record::{all, bytes, number, only, truth, value};
use crate::store::postgres::statement::Param::{Bytes, Many, Maybe, Number, Truth};
use crate::store::postgres::statement::{Param, Statement};
use crate::store::{Given, Result, Roles, RolesThere, StoreError, Told};

/// What the keys of a realm begin with, where `$1` is the resource and `$2` the site.
macro_rules! realm {
    () => {
        "($1 || '\\x00' || COALESCE((SELECT number FROM registry WHERE registry.key = $1), '\\x00000000') || $2)"
    };
}

const OBJECT: Statement =
    Statement::reading("object", concat!("SELECT record FROM objects WHERE key = ", realm!(), " || $3"));

const OBJECTS: Statement = Statement::reading(
    "objects",
    concat!(
        "SELECT record FROM objects WHERE key > ",
        realm!(),
        " || $3 AND key < ",
        realm!(),
        " || $4 ORDER BY key LIMIT $5"
    ),
);

const OBJECTS_BENEATH: Statement = Statement::reading(
    "objects_beneath",
    concat!(
        "SELECT record FROM objects WHERE parent = ",
        realm!(),
        " || $6 AND key > ",
        realm!(),
        " || $3 AND key < ",
        realm!(),
        " || $4 ORDER BY key LIMIT $5"
    ),
);

// Whoever removes what it belongs to waits for the row that is locked here, and looks for what is beneath it afterwards. The last
// column is false if what it belongs to is not known, unless it is known as part of something else.
const PUT_OBJECT: Statement = Statement::writing(
    "put_object",
    concat!(
        "WITH realm AS (SELECT ",
        realm!(),
        " AS key), above AS (
             SELECT 1 FROM objects WHERE key = (SELECT key FROM realm) || $5 FOR KEY SHARE
         ), put AS (
             INSERT INTO objects (key, record, parent) SELECT realm.key || $3, $4, realm.key || $5 FROM realm
             WHERE $5 IS NULL OR EXISTS (SELECT FROM above)
             ON CONFLICT (key) DO UPDATE SET record = excluded.record
             WHERE objects.parent IS NOT DISTINCT FROM excluded.parent RETURNING 1
         )
         SELECT EXISTS (SELECT FROM put), $5 IS NULL OR EXISTS (SELECT FROM above) OR EXISTS (
             SELECT FROM objects, realm
             WHERE objects.key = realm.key || $3 AND objects.parent IS DISTINCT FROM realm.key || $5
         )"
    ),
);

const REMOVE_OBJECT: Statement =
    Statement::writing("remove_object", concat!("DELETE FROM objects WHERE key = ", realm!(), " || $3 RETURNING key"));

const REMOVE_BENEATH: Statement =
    Statement::writing("remove_beneath", "DELETE FROM objects WHERE parent = ANY ($1) RETURNING key");

const END_ROLES_THERE: Statement = Statement::writing(
    "end_roles_there",
    "DELETE FROM role_holders USING unnest($1) AS gone (there)
     WHERE key > gone.there || '\\x00' AND key < gone.there || '\\x01'",
);

// Whoever removes the object waits for the row that is locked here, and looks for roles on it afterwards.
const GIVE_ROLE: Statement = Statement::writing(
    "give_role",
    concat!(
        "WITH realm AS (SELECT ",
        realm!(),
        " AS key), known AS (
             SELECT 1 FROM objects WHERE key = (SELECT key FROM realm) || $3 FOR KEY SHARE
         ), given AS (
             INSERT INTO role_holders (key, record, subject, there, role)
             SELECT realm.key || $4, $5, $6, realm.key || $3, $7 FROM realm WHERE $8 OR EXISTS (SELECT FROM known)
             ON CONFLICT (key) DO NOTHING RETURNING 1
         )
         SELECT EXISTS (SELECT FROM given), $8 OR EXISTS (SELECT FROM known)"
    ),
);

const TAKE_ROLE: Statement =
    Statement::writing("take_role", concat!("DELETE FROM role_holders WHERE key = ", realm!(), " || $3"));

const ROLES_ON: Statement = Statement::reading(
    "roles_on",
    concat!(
        "SELECT record, role, subject FROM role_holders WHERE key > ",
        realm!(),
        " || $3 || '\\x00' AND key < ",
        realm!(),
        " || $3 || '\\x01' ORDER BY key"
    ),
);

// No type of objects begins with the byte 255.
const ROLES_OF: Statement = Statement::reading(
    "roles_of",
    concat!(
        "SELECT there, role FROM role_holders WHERE subject = $3 AND there > ",
        realm!(),
        " AND there < ",
        realm!(),
        " || '\\xff' ORDER BY there, role"
    ),
);

// The roles on an object are few, whoever holds them: each is found by one step of the index, past all who hold the one before. What
// the subjects hold is asked of each object by itself (`OFFSET 0` sees to it), since a subject may hold roles on many others.
const ROLES_THERE: Statement = Statement::reading(
    "roles_there",
    concat!(
        "WITH RECURSIVE asked AS MATERIALIZED (
             SELECT place.number, ",
        realm!(),
        " || place.name AS there FROM unnest($3) WITH ORDINALITY AS place (name, number)
         ), given AS (
             SELECT asked.number, asked.there, (
                 SELECT next.role FROM role_holders AS next
                 WHERE next.key > asked.there || '\\x00' AND next.key < asked.there || '\\x01' ORDER BY next.key LIMIT 1
             ) AS role FROM asked
             UNION ALL
             SELECT given.number, given.there, (
                 SELECT next.role FROM role_holders AS next
                 WHERE next.key > given.there || '\\x00' || given.role || '\\x01' AND next.key < given.there || '\\x01'
                 ORDER BY next.key LIMIT 1
             ) FROM given WHERE given.role IS NOT NULL
         ), subjects AS (
             SELECT $4 AS subject
             UNION ALL SELECT 'g' || group_id FROM group_members WHERE user_id = $5 AND site_id = $2
         ), held AS MATERIALIZED (
             SELECT asked.number, theirs.role FROM asked CROSS JOIN subjects CROSS JOIN LATERAL (
                 SELECT role FROM role_holders
                 WHERE role_holders.subject = subjects.subject AND role_holders.there = asked.there OFFSET 0
             ) AS theirs
         )
         SELECT given.number, given.role, EXISTS (
             SELECT FROM held WHERE held.number = given.number AND held.role = given.role
         ) FROM given WHERE given.role IS NOT NULL ORDER BY given.number, given.role"
    ),
);

const HOLDS_ANYWHERE: Statement = Statement::reading(
    "holds_anywhere",
    concat!(
        "WITH subjects AS (
             SELECT $3 AS subject
             UNION ALL SELECT 'g' || group_id FROM group_members WHERE user_id = $4 AND site_id = $2
         )
         SELECT EXISTS (
             SELECT FROM subjects JOIN role_holders AS held ON held.subject = subjects.subject
             WHERE held.there > ",
        realm!(),
        " AND held.there < ",
        realm!(),
        " || '\\xff' AND held.role = ANY ($5))"
    ),
);

const ROLES_SET: Statement = Statement::reading(
    "roles_set",
    concat!(
        "SELECT DISTINCT there, role FROM role_holders WHERE key > ",
        realm!(),
        " || $3 || '\\x00' AND key < ",
        realm!(),
        " || $3 || '\\x01' ORDER BY there, role"
    ),
);

// In `there` the site comes after the name of the resource, a zero and the four bytes of its number.
const END_ROLES: Statement = Statement::writing(
    "end_roles",
    "DELETE FROM role_holders WHERE subject = $1 AND substring(there FROM position('\\x00' IN there) + 5 FOR 16) = $2",
);

#[async_trait]
impl Roles for PostgresStore {
    async fn access(&self, resource: &ResourceId) -> Result<Option<Arc<Access>>> {
        self.declared(resource).await
    }

    async fn set_access(&self, resource: &ResourceId, access: &Arc<Access>) -> Result<bool> {
        self.declare(resource, access).await
    }

    async fn object(&self, realm: &Realm, object: &ObjectRef) -> Result<Option<ProtectedObject>> {
        let [resource, site] = columns(realm);
        only(self.connections.row(&OBJECT, &[resource, site, Bytes(&place(object))]).await?, "objects")
    }

    async fn objects(
        &self,
        realm: &Realm,
        kind: &str,
        after: Option<&str>,
        count: usize,
    ) -> Result<Vec<ProtectedObject>> {
        let [resource, site] = columns(realm);
        let [start, end] = part(kind, after);
        let params = [resource, site, Bytes(&start), Bytes(&end), bound(count)];
        all(&self.connections.rows(&OBJECTS, &params).await?, "objects")
    }

    async fn objects_beneath(
        &self,
        realm: &Realm,
        parent: &ObjectRef,
        kind: &str,
        after: Option<&str>,
        count: usize,
    ) -> Result<Vec<ProtectedObject>> {
        let [resource, site] = columns(realm);
        let ([start, end], parent) = (part(kind, after), place(parent));
        let params = [resource, site, Bytes(&start), Bytes(&end), bound(count), Bytes(&parent)];
        all(&self.connections.rows(&OBJECTS_BENEATH, &params).await?, "objects")
    }

    async fn put_object(&self, realm: &Realm, object: &ProtectedObject) -> Result<Told> {
        let [resource, site] = columns(realm);
        let (place_of, record, parent) = (place(&object.object), encode(object)?, object.parent.as_ref().map(place));
        let params = [resource, site, Bytes(&place_of), Bytes(&record), Maybe(parent.as_deref())];
        told(self.connections.row(&PUT_OBJECT, &params).await?.as_ref())
    }

    async fn put_objects(&self, realm: &Realm, objects: &[ProtectedObject]) -> Result<Vec<Told>> {
        let outcomes = transaction!(self.connections, tx => {
            let mut outcomes = Vec::with_capacity(objects.len());
            for object in objects {
                outcomes.push(put(&mut tx, realm, object).await?);
                if outcomes.last() != Some(&Told::Done) {
                    break;
                }
            }
            Ok(outcomes)
        });
        Ok(outcomes)
    }

    // What is removed is locked before it is looked for what is beneath it, so that nothing comes beneath it meanwhile.
    async fn remove_object(&self, realm: &Realm, object: &ObjectRef) -> Result<bool> {
        let ([resource, site], there) = (columns(realm), place(object));
        let removed = transaction!(self.connections, tx => {
            let mut rows = tx.rows(&REMOVE_OBJECT, &[resource, site, Bytes(&there)]).await?;
            let is_known = !rows.is_empty();
            while !rows.is_empty() {
                let gone = rows.iter().map(|row| bytes(row, 0)?.ok_or(DAMAGED)).collect::<Result<Vec<_>>>()?;
                tx.execute(&END_ROLES_THERE, &[Many(&gone)]).await?;
                rows = tx.rows(&REMOVE_BENEATH, &[Many(&gone)]).await?;
            }
            Ok(is_known)
        });
        Ok(removed)
    }

    async fn give_roles(&self, site: &ObjectRef, bindings: &[RoleBinding]) -> Result<Vec<Given>> {
        let given = transaction!(self.connections, tx => {
            let mut given = Vec::with_capacity(bindings.len());
            for binding in bindings {
                given.push(give(&mut tx, site, binding).await?);
            }
            Ok(given)
        });
        Ok(given)
    }

    async fn take_role(&self, realm: &Realm, held: &Held) -> Result<bool> {
        let [resource, site] = columns(realm);
        let holder = holder_key(&place(&held.object), &held.role, held.subject);
        Ok(self.connections.execute(&TAKE_ROLE, &[resource, site, Bytes(&holder)]).await? > 0)
    }

    async fn roles_on(&self, realm: &Realm, object: &ObjectRef) -> Result<Vec<RoleBinding>> {
        let [resource, site] = columns(realm);
        let rows = self.connections.rows(&ROLES_ON, &[resource, site, Bytes(&place(object))]).await?;
        let bindings = rows.iter().map(|row| {
            let GivenBy { by, at } = value(row, 0, "role_holders")?.ok_or(DAMAGED)?;
            let subject = bytes(row, 2)?.and_then(RoleSubject::from_bytes).ok_or(DAMAGED)?;
            let held = Held { object: object.clone(), role: text(row, 1)?, subject };
            Ok(RoleBinding { realm: realm.clone(), held, by, at })
        });
        bindings.collect()
    }

    async fn roles_of(&self, realm: &Realm, subject: RoleSubject) -> Result<Vec<(ObjectRef, Vec<String>)>> {
        let [resource, site] = columns(realm);
        let rows = self.connections.rows(&ROLES_OF, &[resource, site, Bytes(&subject.to_bytes())]).await?;
        by_object(realm, &rows)
    }

    async fn roles_there(&self, realm: &Realm, subject: RoleSubject, objects: &[ObjectRef]) -> Result<Vec<RolesThere>> {
        let mut there = vec![RolesThere::default(); objects.len()];
        if objects.is_empty() {
            return Ok(there);
        }
        let [resource, site] = columns(realm);
        let (places, person) = (objects.iter().map(place).collect::<Vec<_>>(), person(&subject));
        let places: Vec<&[u8]> = places.iter().map(Vec::as_slice).collect();
        let params = [resource, site, Many(&places), Bytes(&subject.to_bytes()), person];
        for row in self.connections.rows(&ROLES_THERE, &params).await? {
            let at = number(&row, 0)?.and_then(|number| usize::try_from(number - 1).ok());
            let there = at.and_then(|at| there.get_mut(at)).ok_or(DAMAGED)?;
            let role = text(&row, 1)?;
            if truth(&row, 2)? {
                there.held.push(role.clone());
            }
            there.set.push(role);
        }
        Ok(there)
    }

    async fn holds_anywhere(&self, realm: &Realm, subject: RoleSubject, roles: &[&str]) -> Result<bool> {
        let [resource, site] = columns(realm);
        let roles: Vec<&[u8]> = roles.iter().map(|role| role.as_bytes()).collect();
        let params = [resource, site, Bytes(&subject.to_bytes()), person(&subject), Many(&roles)];
        let row = self.connections.row(&HOLDS_ANYWHERE, &params).await?;
        row.as_ref().map_or(Ok(false), |row| truth(row, 0))
    }

    async fn roles_set(&self, realm: &Realm, kind: &str) -> Result<Vec<(ObjectRef, Vec<String>)>> {
        let [resource, site] = columns(realm);
        let rows = self.connections.rows(&ROLES_SET, &[resource, site, Bytes(kind.as_bytes())]).await?;
        by_object(realm, &rows)
    }

    async fn end_roles_of(&self, site: SiteId, subject: RoleSubject) -> Result<()> {
        let params = [Bytes(&subject.to_bytes()), Bytes(site.as_bytes())];
        self.connections.execute(&END_ROLES, &params).await.map(drop)
    }
}

/// Takes every role on a site from a subject, whatever resource it is at.
pub(super) async fn end_roles(tx: &mut Attempt<'_>, site: SiteId, subject: RoleSubject) -> Outcome<()> {
    tx.execute(&END_ROLES, &[Bytes(&subject.to_bytes()), Bytes(site.as_bytes())]).await?;
    Ok(())
}

async fn put(tx: &mut Attempt<'_>, realm: &Realm, object: &ProtectedObject) -> Outcome<Told> {
    let [resource, site] = columns(realm);
    let (place_of, record, parent) = (place(&object.object), encode(object)?, object.parent.as_ref().map(place));
    let params = [resource, site, Bytes(&place_of), Bytes(&record), Maybe(parent.as_deref())];
    Ok(told(tx.row(&PUT_OBJECT, &params).await?.as_ref())?)
}

fn told(row: Option<&Row>) -> Result<Told> {
    let row = row.ok_or(DAMAGED)?;
    Ok(match (truth(row, 0)?, truth(row, 1)?) {
        (true, _) => Told::Done,
        (false, true) => Told::Elsewhere,
        (false, false) => Told::NoParent,
    })
}

async fn give(tx: &mut Attempt<'_>, whole: &ObjectRef, binding: &RoleBinding) -> Outcome<Given> {
    let RoleBinding { realm, held: Held { object, role, subject }, by, at } = binding;
    let ([resource, site], there) = (columns(realm), place(object));
    let params = [
        resource,
        site,
        Bytes(&there),
        Bytes(&holder_key(&there, role, *subject)),
        Bytes(&encode(&GivenBy { by: *by, at: *at })?),
        Bytes(&subject.to_bytes()),
        Bytes(role.as_bytes()),
        Truth(object == whole),
    ];
    let row = tx.row(&GIVE_ROLE, &params).await?.ok_or(DAMAGED)?;
    Ok(match (truth(&row, 0)?, truth(&row, 1)?) {
        (true, _) => Given::Done,
        (false, true) => Given::Already,
        (false, false) => Given::NoObject,
    })
}

/// What a statement finds a realm by.
fn columns(realm: &Realm) -> [Param<'_>; 2] {
    [Bytes(realm.resource_id.as_str().as_bytes()), Bytes(realm.site_id.as_bytes())]
}

/// Between which places the objects of a type are that come after one.
fn part(kind: &str, after: Option<&str>) -> [Vec<u8>; 2] {
    [key(&[kind.as_bytes(), END, after.unwrap_or_default().as_bytes()]), key(&[kind.as_bytes(), &[1]])]
}

fn bound(count: usize) -> Param<'static> {
    Number(i64::try_from(count).unwrap_or(i64::MAX))
}

/// Who may be in groups by which they hold more.
fn person(subject: &RoleSubject) -> Param<'_> {
    match subject {
        RoleSubject::User(user) => Bytes(user.as_bytes()),
        RoleSubject::Group(_) | RoleSubject::App(_) => Maybe(None),
    }
}

/// The roles of rows that are in the order of their objects.
fn by_object(realm: &Realm, rows: &[Row]) -> Result<Vec<(ObjectRef, Vec<String>)>> {
    // The name, a zero, the four bytes of a number and the site.
    let realm_length = realm.resource_id.as_str().len() + 1 + 4 + 16;
    let mut objects: Vec<(ObjectRef, Vec<String>)> = Vec::new();
    for row in rows {
        let place = bytes(row, 0)?.and_then(|there| there.get(realm_length..));
        let object = place.and_then(read_place).ok_or(DAMAGED)?;
        let role = text(row, 1)?;
        match objects.last_mut() {
            Some((last, roles)) if *last == object => roles.push(role),
            _ => objects.push((object, vec![role])),
        }
    }
    Ok(objects)
}

fn read_place(bytes: &[u8]) -> Option<ObjectRef> {
    let (kind, id) = std::str::from_utf8(bytes).ok()?.split_once('\0')?;
    ObjectRef::new(kind, id).ok()
}

fn text(row: &Row, column: usize) -> Result<String> {
    let text = bytes(row, column)?.and_then(|bytes| std::str::from_utf8(bytes).ok());
    text.map(str::to_owned).ok_or(DAMAGED)
}

const DAMAGED: StoreError = StoreError::Corrupt { place: "role_holders" };
