const ts = Math.floor(Date.now() / 1000)
const body = JSON.stringify({
  display_name: "Acme launch crew",
  group_chat_icon: "https://cdn.example.com/acme-icon.png",
})
const sig = crypto.createHmac("sha256", SIGNING_SECRET).update(`${ts}.${body}`).digest("hex")
const res = await fetch(`https://console.trychert.com/api/v1/chats/${chatId}`, {
  method: "PUT",
  headers: {
    "Content-Type": "application/json",
    "x-chert-tenant": TENANT_SLUG,
    "x-chert-signature": `v1,${ts},${sig}`,
  },
  body,
})
