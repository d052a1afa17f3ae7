// Begins the page.
document.getElementById('page').textContent = 'standin';
