curl -X POST \
-H "Content-Type: application/json" \
-H "Accept: application/json" \
-d '{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"47e007b1-ee15-43db-bcba-1c26e5884d3f","NAME":"New dialog name","auth":"**put_access_token_here**"}' \
https://**put_your_bitrix24_address**/rest/imconnector.chat.name.set
