try
{
	const response = await $b24.callMethod(
		'imconnector.chat.name.set',
		{
			CONNECTOR: 'connector',
			LINE: '105',
			CHAT_ID: '47e007b1-ee15-43db-bcba-1c26e5884d3f',
			NAME: 'New dialog name'
		}
	);

	const result = response.getData().result;
	if(result.error())
		alert("Error: " + result.error());
	else
		alert("Success: " + result);
}
catch( error )
{
	console.error('Error:', error);
}
