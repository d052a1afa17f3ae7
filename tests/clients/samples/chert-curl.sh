curl -X PUT https://console.trychert.com/api/v1/chats/ch_01H... \
  -H "x-chert-tenant: $TENANT" \
  -H "x-chert-signature: v1,$TS,$SIG" \
  -H "content-type: application/json" \
  -d '{
    "display_name": "Acme launch crew",
    "group_chat_icon": "https://cdn.example.com/acme-icon.png"
  }'
