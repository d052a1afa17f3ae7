module.exports = { globalSetup: 'standin/setup', testMatch: ['**/*.jest.cjs'] }
