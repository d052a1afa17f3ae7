import hmac, hashlib, json, time, requests
ts = int(time.time())
body = json.dumps({
    "display_name": "Acme launch crew",
    "group_chat_icon": "https://cdn.example.com/acme-icon.png",
})
sig = hmac.new(SIGNING_SECRET.encode(), f"{ts}.{body}".encode(), hashlib.sha256).hexdigest()
r = requests.put(
    f"https://console.trychert.com/api/v1/chats/{chat_id}",
    headers={
        "Content-Type": "application/json",
        "x-chert-tenant": TENANT_SLUG,
        "x-chert-signature": f"v1,{ts},{sig}",
    },
    data=body,
)
