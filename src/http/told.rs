//! How a flow ended, in the words of Nango's frontend SDK: over the WebSocket, and to the page that opened the popup.

use serde_json::{Value, json};

use super::Server;
use super::answer::Refusal;

/// What a page is told of a flow that it asked for.
pub(super) struct Told<'a> {
    pub(super) key: &'a str,
    pub(super) id: &'a str,
    pub(super) socket: Option<&'a str>,
}

impl Server {
    /// Tells the page that asked how its flow ended.
    pub(super) fn tell(&self, told: &Told<'_>, outcome: Result<(), &Refusal>) {
        let Some(socket) = told.socket else { return };
        let message = match outcome {
            Ok(()) => json!({
                "message_type": "success",
                "provider_config_key": told.key,
                "connection_id": told.id,
                "is_pending": false,
            }),
            Err(refusal) => json!({
                "message_type": "error",
                "provider_config_key": told.key,
                "connection_id": told.id,
                "error_type": refusal.code,
                "error_desc": described(refusal),
            }),
        };
        self.sockets.tell(socket, message);
    }
}

fn described(refusal: &Refusal) -> String {
    refusal.hint.as_ref().map_or_else(|| refusal.message.clone(), |hint| format!("{} ({hint})", refusal.message))
}

/// What 0.8.0 of the SDK listens for.
pub(super) fn failure(refusal: &Refusal) -> Value {
    json!({
        "eventType": "AUTHORIZATION_FAILED",
        "data": {"error": {"type": refusal.code, "message": described(refusal)}},
    })
}
